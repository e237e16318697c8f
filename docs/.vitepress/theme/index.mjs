// Without its fonts: the reader's own are there at once, and nothing is loaded.
import DefaultTheme from 'vitepress/theme-without-fonts';
import { h } from 'vue';
import HeroPicture from './HeroPicture.vue';
import InstallLine from './InstallLine.vue';
import './style.css';

export default {
  extends: DefaultTheme,
  Layout: () =>
    h(DefaultTheme.Layout, null, {
      'home-hero-image': () => h(HeroPicture),
      'home-hero-actions-after': () => h(InstallLine),
    }),
};
